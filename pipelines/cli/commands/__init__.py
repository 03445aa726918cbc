"""The commands of `billhouse`, one module each. They import what is slow only when they are run."""
