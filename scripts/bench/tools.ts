// The presence of the tools that we are measured against.
import { accessSync, constants } from 'node:fs'
import { join } from 'node:path'

/** The folders of depmod, which a user's PATH may lack. */
const SYSTEM_FOLDERS = '/usr/sbin:/sbin'

export function toolPath(path = process.env['PATH'] ?? ''): string {
  return `${path}:${SYSTEM_FOLDERS}`
}

/** Tools that no folder of `path` has. */
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
