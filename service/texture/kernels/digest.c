/* Which sources the library was made of, so that one made of others is told apart. */
#include "texture.h"

EXPORT const char *texture_digest(void) { return TEXTURE_DIGEST; }
