"""The development broker under test, and the fixtures through which every other test gets one."""
