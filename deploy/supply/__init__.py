"""What a service consists of: bills of materials, the licences in them, and what in them is known to be vulnerable."""
