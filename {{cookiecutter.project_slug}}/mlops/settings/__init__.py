"""What people write: project.yml and environments/, read and checked."""
