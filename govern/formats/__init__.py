"""Results as text for machines: the JSON contract, JUnit, SARIF and Markdown."""
