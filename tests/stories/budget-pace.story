# Three a day, of twelve. Once the desk has seen what is usual (sixteen messages), what is
# ordinary goes to the digest even while there is budget left, and the best go out.
at 2026-03-02T00:00:00Z
policy
  receiver cm budget=3/day digest=weekly@sun@23:59
  severity critical=100
  route to=cm

# Day 1.
hit d0h00 score=1
> alert cm d0h00
+2h
hit d0h02 score=2
> alert cm d0h02
+2h
hit d0h04 score=3
> alert cm d0h04
+2h
hit d0h06 score=4
+2h
hit d0h08 score=1
+2h
hit d0h10 score=2
+2h
hit d0h12 score=3
+2h
hit d0h14 score=4
+2h
hit d0h16 score=1
+2h
hit d0h18 score=2
+2h
hit d0h20 score=3
+2h
hit d0h22 score=4
+2h
# Day 2.
hit d1h00 score=1
> alert cm d1h00
+2h
hit d1h02 score=2
> alert cm d1h02
+2h
hit d1h04 score=3
> alert cm d1h04
+2h
hit d1h06 score=4
+2h
hit d1h08 score=1
+2h
hit d1h10 score=2
+2h
hit d1h12 score=3
+2h
hit d1h14 score=4
+2h
hit d1h16 score=1
+2h
hit d1h18 score=2
+2h
hit d1h20 score=3
+2h
hit d1h22 score=4
+2h
# Day 3.
hit d2h00 score=1
= d2h00 cm digest budget 3/day, 0 used: severity 1.00 is below 4.00, the pace
+2h
hit d2h02 score=2
+2h
hit d2h04 score=3
> alert cm d2h04
+2h
hit d2h06 score=4
> alert cm d2h06
+2h
hit d2h08 score=1
+2h
hit d2h10 score=2
+2h
hit d2h12 score=3
+2h
hit d2h14 score=4
> alert cm d2h14
+2h
hit d2h16 score=1
+2h
hit d2h18 score=2
+2h
hit d2h20 score=3
+2h
hit d2h22 score=4
+2h
# Day 4.
hit d3h00 score=1
+2h
hit d3h02 score=2
+2h
hit d3h04 score=3
> alert cm d3h04
+2h
hit d3h06 score=4
> alert cm d3h06
+2h
hit d3h08 score=1
+2h
hit d3h10 score=2
+2h
hit d3h12 score=3
+2h
hit d3h14 score=4
> alert cm d3h14
+2h
hit d3h16 score=1
+2h
hit d3h18 score=2
+2h
hit d3h20 score=3
+2h
hit d3h22 score=4
+2h
law cm candidates=48 on_way=12 in_digest=36
