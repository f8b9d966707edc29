/** One of the processes of `serve --processes N`: answers like a server of its own, on the port and from the database that it was given. */
import { startApp } from '../app.ts'
import { loadConfig } from '../config.ts'
import { createServerLog } from '../log.ts'
import { answerAsWorker } from '../process/index.ts'
import { demoOf, withDemo } from './demo-source.ts'
import { closeInTime } from './drain.ts'

const demo = demoOf(process.env)
const config =
  demo === undefined ? loadConfig(process.env) : withDemo(loadConfig(process.env), demo ?? undefined)
const { app, ended } = await answerAsWorker(() =>
  startApp(config, config.database.url!, createServerLog(config.log.level)),
)
await ended
await closeInTime(app)
process.exit()
