//! What people say about a change, or about one step of its plan.

use leptos::form::ActionForm;
use leptos::prelude::*;
use strata_domain::discussion::Comment;

use crate::api::review::{CommentAdd, NamedStep};
use crate::components::{Act, Moment};
use crate::paths;

/// The comments, first come first, and a form for one more.
#[component]
pub fn Discussion(
    /// The change.
    change: i64,
    /// Steps that are talked about.
    steps: Vec<NamedStep>,
    /// What was said.
    comments: Vec<Comment>,
    /// Why nothing can be said, if nothing can.
    refused: Option<String>,
    /// The step that the next comment is about, from the address.
    about: Memo<Option<String>>,
    /// Says it.
    action: ServerAction<CommentAdd>,
) -> impl IntoView {
    let steps = StoredValue::new(steps);
    let named = move |id: &str| {
        steps.with_value(|steps| {
            let NamedStep { place, said, .. } = steps.iter().find(|step| step.id == id)?;
            Some(format!("Step {place}: {said}"))
        })
    };
    let count = comments.len();
    // The same words sent twice are one comment; after it was taken there is one more, so the next has another key.
    let key = format!("{change}-{count}");
    let items: Vec<_> = comments
        .into_iter()
        .map(|comment| {
            let about = comment.step.map(|step| {
                let named = named(&step).unwrap_or_else(|| format!("A step that the plan no longer has ({step})"));
                view! { <p class="hint">{named}</p> }
            });
            view! {
                <li id=format!("comment-{}", comment.id)>
                    <p><strong>{comment.author.name}</strong> " " <Moment at=comment.at /></p>
                    {about}
                    <p class="said-text">{comment.text}</p>
                </li>
            }
        })
        .collect();
    let none = items.is_empty().then(|| view! { <p class="empty">"Nothing was said yet."</p> });
    let about_field = move || {
        about.get().map(|step| {
            let named = named(&step).unwrap_or_else(|| step.clone());
            view! {
                <input type="hidden" name="step" value=step />
                <p class="hint">"About: " {named} " " <a href=format!("{}#discussion", paths::change(change))>"About the whole change instead"</a></p>
            }
        })
    };
    let area = NodeRef::<leptos::html::Textarea>::new();
    // What was said is no longer being typed.
    Effect::new(move |_| {
        if let (Some(Ok(())), Some(area)) = (action.value().get(), area.get_untracked()) {
            area.set_value("");
        }
    });
    view! {
        <section class="panel" id="discussion" aria-labelledby="discussion-heading">
            <h2 id="discussion-heading">{format!("Discussion ({count})")}</h2>
            {none}
            <ol class="plain-list comments">{items}</ol>
            <ActionForm action>
                <input type="hidden" name="id" value=change />
                <input type="hidden" name="key" value=key />
                {about_field}
                <p class="field">
                    <label for="comment">"Comment"</label>
                    <textarea node_ref=area id="comment" name="text" rows="3" maxlength="10000" required></textarea>
                </p>
                <Act label="Say it" refused pending=action.pending() />
            </ActionForm>
        </section>
    }
}
