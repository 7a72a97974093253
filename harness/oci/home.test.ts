import { userInfo } from 'node:os'
import { describe, expect, it } from 'vitest'
import { defaultCacheFolder } from './cache/layout.ts'
import { keyPath } from './cache/key.ts'
import { authFiles } from './client/auth/config.ts'
import { personalFolder } from './home.ts'

describe('personalFolder', () => {
  const { homedir: home } = userInfo()
  it.each([
    [{ XDG_CACHE_HOME: '/c', HOME: '/h' }, '/c'],
    [{ XDG_CACHE_HOME: '', HOME: '/h' }, '/h/.cache'],
    [{ XDG_CACHE_HOME: 'c', HOME: '/h' }, '/h/.cache'],
    [{ XDG_CACHE_HOME: './c', HOME: 'h' }, `${home}/.cache`],
    [{ HOME: '' }, `${home}/.cache`],
    [{}, `${home}/.cache`],
  ])('is, with %j, %s', (env, expected) => {
    expect(personalFolder(env, 'XDG_CACHE_HOME', '.cache')).toBe(expected)
  })

  it('is where cache, key and credentials are', () => {
    const relative = {
      HOME: '/h',
      XDG_CACHE_HOME: 'x',
      XDG_STATE_HOME: 'x',
      XDG_CONFIG_HOME: 'x',
      XDG_RUNTIME_DIR: 'x',
    }
    expect([defaultCacheFolder(relative), keyPath(relative), ...authFiles(relative)]).toEqual([
      '/h/.cache/talos-image-contract/v2',
      '/h/.local/state/talos-image-contract/cache.key',
      '/h/.docker/config.json',
      '/h/.config/containers/auth.json',
    ])
  })
})
