# Silences and mutes of the configuration come and go with it; those of operators stay.
at 2026-03-02T09:00:00Z
policy
  receiver cm
  route to=cm
  silence tests tag=test

hit A tag=test
= A cm silenced silence tests by config
mute author=@bot
policy
  receiver cm
  route to=cm

hit B tag=test
> alert cm B
hit C author=@bot
= C cm muted
