//! Event loop, effect runner, task registry, frame pacer, input and shutdown.
