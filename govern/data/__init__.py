"""Versioned data: DVC snapshots with SHA-256 manifests, and datasets opened only when both agree with the bytes."""
