// Loads the spec files of a run. vitest itself would give each of them a new URL at every run, which Node compiles anew
// and leaves in its compile cache for ever; a worker of ours loads every file once.
import { pathToFileURL } from 'node:url'
import { TestRunner } from 'vitest'

export class SpecRunner extends TestRunner {
  override importFile(path: string): Promise<unknown> {
    return import(pathToFileURL(path).href)
  }
}

// vitest takes the default export of the file that it is given.
export default SpecRunner
