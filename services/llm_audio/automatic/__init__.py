"""Who answers where neither the caller nor the operator says."""
