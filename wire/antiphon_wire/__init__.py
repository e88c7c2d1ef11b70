"""The ground floor: errors, status, chunks, channels and calls, written once for servers, gateway and client."""
