"""The commands that speak to Kafka as a program of their own: what a test starts, interrupts and kills."""

import typer

from streams.kafka_commands import register

main = typer.Typer(pretty_exceptions_enable=False)
register(main)

if __name__ == "__main__":
    main()
