"""`python -m infrastructure.cli`."""

from infrastructure.cli import main

if __name__ == "__main__":  # a process that helps another one imports this too
    main()
