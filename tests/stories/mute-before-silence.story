# Who is muted and silenced counts as muted, once.
at 2026-03-02T09:00:00Z
policy
  receiver cm
  route to=cm

mute author=@bot
silence all
hit A author=@bot
= A cm muted
hit B
= B cm silenced
law cm candidates=2 muted=1 silenced=1
