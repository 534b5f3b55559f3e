//! Nothing but a place for tests: `k8s-openapi`, made from the published API description, judges
//! how Holdfast reads objects and whether others can read what Holdfast writes.
