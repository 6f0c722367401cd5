/**
 * What `veritee verify --help` says of AWS's options.
 */
export const help = `What it must carry (Nitro)
  --user-data HEX|@FILE     user data is exactly this
  --public-key HEX|@FILE    public key is exactly this`
