// The caller's working folder: npm starts the scripts of a project in the project's folder.
import { join } from 'node:path'
import { ROOT } from '../root.ts'

type Environment = Record<string, string | undefined>

/**
 * The folder that npm was called in, for a script of this project; undefined where the process was started otherwise, and
 * is in its caller's folder already. It is taken out of `env`: what this process starts is not started by npm.
 */
export function takeWorkingFolder(env: Environment = process.env): string | undefined {
  const { INIT_CWD: caller, npm_lifecycle_script: script = '', npm_package_json: project } = env
  delete env['INIT_CWD']
  const isOurs = project === join(ROOT, 'package.json') && /scripts\/(?:talos-image|develop)\.ts/.test(script)
  return isOurs ? caller : undefined
}
