"""Payment providers behind one port (`application.ports.Gateway`): one file each."""
