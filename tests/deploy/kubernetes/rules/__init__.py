"""What a schema cannot say of manifests: each rule gives a sentence for each thing that is wrong."""
