"""The gRPC face: AnalysisService."""
