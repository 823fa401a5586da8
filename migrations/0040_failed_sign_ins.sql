-- Who looks into a break-in needs the attempts that failed beside the one that did not.
INSERT INTO audited_actions (action) VALUES ('sign-in-failed');
