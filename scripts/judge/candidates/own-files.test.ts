import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { UsageError } from '../usage-error.ts'
import { findOwnFiles } from './own-files.ts'

describe('findOwnFiles', () => {
  let root = ''
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'own-files-'))
    await mkdir(join(root, 'repository/.git'), { recursive: true })
    await mkdir(join(root, 'repository/clusters/a'), { recursive: true })
    for (const path of ['', 'repository', 'repository/clusters', 'repository/clusters/a'])
      await chmod(join(root, path), 0o755)
  })
  afterEach(() => rm(root, { recursive: true }))

  const write = async (...paths: readonly string[]): Promise<void> => {
    for (const path of paths) {
      await writeFile(join(root, path), '')
      await chmod(join(root, path), 0o644)
    }
  }
  const find = (folder: string) => findOwnFiles(join(root, folder))

  it('finds the nearest of each, up to the root of the repository', async () => {
    await write('repository/talos-image.yaml', 'repository/waivers.yaml', 'repository/clusters/talos-image.lock.json')
    expect(find('repository/clusters/a')).toEqual({
      contract: '../../talos-image.yaml',
      lock: '../talos-image.lock.json',
      waivers: '../../waivers.yaml',
    })
    await write('repository/clusters/a/talos-image.yaml')
    expect(find('repository/clusters/a')).toEqual({ contract: 'talos-image.yaml', lock: '../talos-image.lock.json' })
  })

  it('takes waivers only from beside the contract', async () => {
    await write('repository/talos-image.yaml', 'repository/clusters/waivers.yaml')
    expect(find('repository/clusters')).toEqual({ contract: '../talos-image.yaml' })
    expect(find('repository/clusters/a')).not.toHaveProperty('waivers')
  })

  it('looks no further than the root of the repository, and outside of one no further than here', async () => {
    await write('talos-image.yaml')
    expect(find('repository/clusters')).toEqual({})
    await rm(join(root, 'repository/.git'), { recursive: true })
    expect(find('repository')).toEqual({})
    expect(find('')).toEqual({ contract: 'talos-image.yaml' })
  })

  it.each([
    ['a folder that others can write in', 'repository', 0o777],
    ['a file that others can write', 'repository/talos-image.yaml', 0o666],
  ])('refuses %s', async (_, path, mode) => {
    await write('repository/talos-image.yaml')
    await chmod(join(root, path), mode)
    expect(() => find('repository/clusters')).toThrow(UsageError)
    expect(() => find('repository/clusters')).toThrow(/others can write in .*--contract/)
    await chmod(join(root, path), 0o755)
    expect(find('repository/clusters')).toEqual({ contract: '../talos-image.yaml' })
  })
})
