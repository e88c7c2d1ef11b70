"""What every Antiphon service is bolted onto: upload, audio, worker, models, server."""
