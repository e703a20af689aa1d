"""Import files of foreign formats: find and open them, read them with an adapter, sort, count and pseudonymise."""
