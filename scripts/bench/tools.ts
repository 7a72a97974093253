// Whether the tools that we are measured against are there.
import { accessSync, constants } from 'node:fs'
import { join } from 'node:path'

/** Where depmod is, which no user's PATH need have. */
const SYSTEM_FOLDERS = '/usr/sbin:/sbin'

export function toolPath(path = process.env['PATH'] ?? ''): string {
  return `${path}:${SYSTEM_FOLDERS}`
}

/** Those of `tools` that no folder of `path` has. */
export function missingTools(tools: readonly string[], path = toolPath()): readonly string[] {
  const folders = path.split(':').filter((folder) => folder !== '')
  return [...new Set(tools)].filter((tool) => !folders.some((folder) => isExecutable(join(folder, tool))))
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
