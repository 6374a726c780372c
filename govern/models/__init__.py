"""MLflow models and recorded predictions: digested, looked through for danger, and scored in batches."""
