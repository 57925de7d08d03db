"""Drives real Redis and Valkey servers and saves what they write together with what they say it means."""
