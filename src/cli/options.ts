/** The option that every command about a configuration file has. */
export const configOption = {
  alias: 'c',
  type: 'string',
  default: 'tollgate.toml',
  requiresArg: true,
  describe: 'Configuration file',
} as const;
