# An author, a site with what is below it; for one receiver, for a while.
at 2026-03-02T09:00:00Z
policy
  receiver cm
  receiver boss
  route to=cm,boss

mute author=@bot
mute site=spam.example receiver=boss until=+1h
hit A author=@BOT
= A cm muted author @bot is muted
= A boss muted
hit B site=www.spam.example
> alert cm B
= B boss muted
+1h
hit C site=spam.example
> alert boss C
> alert cm C
unmute author=@bot
hit D author=@bot
> alert boss D
> alert cm D
law boss candidates=4 muted=2
