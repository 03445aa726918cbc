"""A folder a vendor: `api` answers as it does, `billing` invents what it bills."""
