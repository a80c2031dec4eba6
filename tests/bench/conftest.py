import structlog

# Nobody reads the log of a server in this process.
structlog.configure(logger_factory=structlog.ReturnLoggerFactory())
