"""What a project needs around it: in its subscription and in its repository."""
