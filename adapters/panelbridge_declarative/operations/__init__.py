"""One operation of a description: rendered, sent, judged."""
