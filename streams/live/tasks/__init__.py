"""Partition tasks: process the records of one partition, one class for each stage."""
