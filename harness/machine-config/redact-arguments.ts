// Arguments of a kernel command line without the values of secrets: siderolabs/talos pkg/machinery/constants/constants.go
// and internal/app/machined/pkg/runtime/v1alpha1/platform/metal (talos.config, talos.config.inline, talos.config.oauth).
import { secretsInArguments } from './secrets/arguments.ts'

/** Words, with quotes as the kernel takes them, and the blanks between them. */
const WORDS = /(?:"[^"]*"?|[^\s"])+|\s+/g
const CONFIG = 'talos.config'
/** What Talos needs to ask for a token, and is none. */
const PUBLIC = /^talos\.config\.oauth\.(?:client_id|audience|scope|\w+_url)$/

/** The text with `put` for each value that is or may be a secret. */
export function redactArguments(text: string, put: string): string {
  return text.replace(WORDS, (word) => {
    const equals = word.indexOf('=')
    const [name, value] = [word.slice(0, Math.max(equals, 0)), word.slice(equals + 1)]
    return equals > 0 && value !== put && mayHoldSecret(name, value) ? `${name}=${put}` : word
  })
}

function mayHoldSecret(name: string, value: string): boolean {
  const bare = value.replaceAll('"', '')
  if (name === CONFIG) return hasMore(bare)
  // A whole configuration, or what a token is asked for with.
  if (name.startsWith(`${CONFIG}.`)) return !PUBLIC.test(name)
  return /^[a-z][\w.-]*$/.test(name) && secretsInArguments([`${name}=${bare}`]).length > 0
}

/** True for a URL with a user, or with a parameter that Talos does not fill in itself. */
function hasMore(url: string): boolean {
  const [, authority = '', rest = ''] = /^[a-z][a-z0-9+.-]*:\/\/([^/?#]*)(.*)$/i.exec(url) ?? []
  if (authority.includes('@')) return true
  const [, query = ''] = /[?#](.*)$/.exec(rest) ?? []
  return query.split('&').some((parameter) => parameter !== '' && !/^[\w.-]+=(?:\$\{\w+\})?$/.test(parameter))
}
