//! A topology file becomes the first revision, or a change.

use leptos::prelude::*;
use leptos::server_fn::codec::{MultipartData, MultipartFormData};

use crate::error::AppError;

/// Takes a form with the fields `environment` and `file` (a topology file, YAML or JSON), and leads to what it made.
#[server(prefix = "/api", endpoint = "topology_import", input = MultipartFormData)]
pub async fn topology_import(form: MultipartData) -> Result<(), AppError> {
    use strata_backend::environments::Imported;
    use strata_domain::file::LIMIT_BYTES;
    use strata_domain::text::{NAME_MAX, excerpt};

    use crate::paths;
    use crate::server_context::{actor, answer, backend, fail};

    let unreadable = |error: &dyn std::fmt::Display| {
        fail(AppError::Invalid { field: "file".to_owned(), message: format!("The upload broke off: {error}.") })
    };
    let mut form = form.into_inner().ok_or_else(|| unreadable(&"no form arrived"))?;
    let (mut environment, mut file, mut file_name) = (String::new(), Vec::new(), String::new());
    while let Some(mut field) = form.next_field().await.map_err(|error| unreadable(&error))? {
        let name = field.name().unwrap_or_default().to_owned();
        if name == "file" {
            file_name = field.file_name().unwrap_or_default().to_owned();
        }
        while let Some(chunk) = field.chunk().await.map_err(|error| unreadable(&error))? {
            match name.as_str() {
                "file" if file.len() + chunk.len() > LIMIT_BYTES => {
                    let message =
                        format!("The file is larger than {} MiB, the limit for a topology.", LIMIT_BYTES / 1024 / 1024);
                    return Err(fail(AppError::Invalid { field: "file".to_owned(), message }));
                }
                "file" => file.extend_from_slice(&chunk),
                "environment" if environment.len() < 100 => environment.push_str(&String::from_utf8_lossy(&chunk)),
                _ => {}
            }
        }
    }
    if environment.is_empty() || environment.contains('\0') {
        let message = "Name the environment to import into.".to_owned();
        return Err(fail(AppError::Invalid { field: "environment".to_owned(), message }));
    }
    if file.is_empty() {
        let message = "Choose a topology file first.".to_owned();
        return Err(fail(AppError::Invalid { field: "file".to_owned(), message }));
    }
    // Nobody chose the file's name as a title, so it is taken whatever it is, with what is hidden in it written out.
    let title = match excerpt(file_name.trim(), 150) {
        name if name.is_empty() => "Import of a file".to_owned(),
        name => excerpt(&format!("Import of {name}"), NAME_MAX - 1),
    };
    let imported =
        answer(strata_backend::environments::topology_import(&backend(), &actor(), &environment, &file, &title).await)?;
    leptos_axum::redirect(&match imported {
        Imported::Revision(_) => paths::role_map(&environment),
        Imported::Change(id) => paths::change(id),
        Imported::Unchanged => {
            let message = "The file says the same as the live revision; there is nothing to change.".to_owned();
            return Err(fail(AppError::Invalid { field: "file".to_owned(), message }));
        }
    });
    Ok(())
}
