//! A topology file into an environment.

use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use leptos::server_fn::error::ServerFnUrlError;
use leptos_meta::Title;

use crate::api::import::TopologyImport;
use crate::api::role_map::role_map_load;
use crate::components::{Act, ActError, kept, loaded};
use crate::error::AppError;
use crate::pages::query;
use crate::paths;

/// Chooses the file; the first becomes the live revision, a later one a change to review.
#[component]
pub fn ImportPage() -> impl IntoView {
    let env = query("env");
    // A form with a file goes to the server as a plain one; its error comes back in the address.
    let (path, answer) = (query("__path"), query("__err"));
    let error = Signal::derive(move || {
        path.get().filter(|path| path == TopologyImport::PATH)?;
        answer.get().map(|error| ServerFnUrlError::<AppError>::decode_err(&error))
    });
    let view = Resource::new(move || env.get(), |env| role_map_load(env, None, None));
    view! {
        <Title text="Import" />
        {loaded(view, move |view| {
            let what = match &view.revision {
                Some(revision) => format!(
                    "Revision {} is live. The file becomes a change over it: the edits that lead from live to the file, for review as any other.",
                    revision.number
                ),
                None => "This environment is empty. The file becomes its first revision and is live at once.".to_owned(),
            };
            view! {
                <p class="crumbs"><a href=paths::role_map(&view.environment)>{view.environment.clone()}</a></p>
                <h1>"Import a topology file"</h1>
                <p class="lead">{what}</p>
                <p class="hint">"No file yet? " <a href=paths::advisor(&view.environment)>"The advisor proposes a first topology from a few figures"</a></p>
                <ActError error=error />
                <form method="post" action=TopologyImport::PATH enctype="multipart/form-data" class="panel form">
                    <input type="hidden" name="environment" value=view.environment.clone() />
                    <p class="field">
                        <label for="file">"Topology file " <span class="hint">"YAML or JSON, up to 16 MiB"</span></label>
                        {kept((), || view! {
                            <input id="file" type="file" name="file" required=true accept=".yaml,.yml,.json,application/yaml,application/json" />
                        })}
                    </p>
                    <Act label="Import" tone="primary" refused=view.import_refused />
                </form>
            }
        })}
    }
}
