//! The semver-exempt door: the sans-IO `Engine` and the pure functions under it, for embedding, simulation and fuzzing.
