// Every rule about a machine configuration, in the order of their ids.
import type { ConfigRule } from '../rule.ts'
import { IGNORED_RULES } from './ignored.ts'
import { INSTALL_IMAGE_RULES } from './install-image.ts'
import { MODULE_RULES } from './modules.ts'
import { NETWORK_RULES } from './networks.ts'
import { SECRET_RULES } from './secrets.ts'
import { SERVICE_RULES } from './services.ts'
import { TAILSCALE_RULES } from './tailscale.ts'

export const CONFIG_RULES: readonly ConfigRule[] = [
  ...SERVICE_RULES,
  ...MODULE_RULES,
  ...INSTALL_IMAGE_RULES,
  ...TAILSCALE_RULES,
  ...SECRET_RULES,
  ...NETWORK_RULES,
  ...IGNORED_RULES,
].toSorted((a, b) => (a.id < b.id ? -1 : 1))
