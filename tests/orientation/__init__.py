"""Tests of the stage `orientation`."""
