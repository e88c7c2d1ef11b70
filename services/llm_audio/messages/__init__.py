"""Messages of ``antiphon.llm_audio.v1`` into requests, and what jobs yield into messages; the only place."""
