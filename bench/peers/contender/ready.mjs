/** Tells who started this process where it listens. */
export const ready = (port) => process.send({ port })

process.on('disconnect', () => process.exit())
