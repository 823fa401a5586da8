//! A person at work in the editor, for the measurements: natively and in wasm.

use serde_json::json;
use strata_domain::catalogue::Catalogue;
use strata_domain::change::LoggedEdit;
use strata_domain::draft::Draft;
use strata_domain::edit::{Edit, NodeFacts};
use strata_domain::topology::Topology;

/// A draft over a topology, and what is done to it again and again.
pub struct Session {
    draft: Draft,
    turn: usize,
}

impl Session {
    /// One in which three batches wait for the server.
    ///
    /// # Panics
    /// When an edit does not fit, which says that this file is wrong.
    pub fn over(base: &Topology) -> Self {
        let draft = Draft::open(base.clone(), 0, &[], Catalogue::built_in().clone()).expect("no log");
        let mut session = Self { draft, turn: 0 };
        for _ in 0..3 {
            session.edit();
        }
        session
    }

    /// One edit of the person; gives the number of nodes. Acts pile up as they do in a session.
    ///
    /// # Panics
    /// As [`Self::over`].
    pub fn edit(&mut self) -> usize {
        let edit = self.next_edit(1);
        self.draft.act(self.turn.to_string(), "Edit".to_owned(), vec![edit]).expect("fits");
        self.draft.desired().nodes.len()
    }

    /// One edit of another person arrives; gives the number of nodes.
    ///
    /// # Panics
    /// As [`Self::over`].
    pub fn news(&mut self) -> usize {
        let edit = self.next_edit(2);
        let logged = json!({
            "sequence": self.draft.sequence() + 1,
            "author": { "id": null, "name": "Ada" },
            "at": "2026-01-01T00:00:00Z",
            "edit": edit,
        });
        let logged: LoggedEdit = serde_json::from_value(logged).expect("own JSON");
        self.draft.settle(&[logged], None).expect("follows");
        self.draft.desired().nodes.len()
    }

    /// Another site for a node of the middle; the person and the other have each their own.
    fn next_edit(&mut self, whose: usize) -> Edit {
        self.turn += 1;
        let nodes = &self.draft.desired().nodes;
        let node = &nodes[nodes.len() * whose / 3];
        let facts = NodeFacts { site: Some(format!("dc{}", self.turn)), ..NodeFacts::from(node) };
        Edit::UpdateNode { hostname: node.hostname.clone(), facts }
    }
}
