"""Files → documents → articles and references → passages → an index generation."""
