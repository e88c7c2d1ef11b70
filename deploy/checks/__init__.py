"""What ``make check-deploy`` holds against the deployment files, each kind of file in a module of its own."""
