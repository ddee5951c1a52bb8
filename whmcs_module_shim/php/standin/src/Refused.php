<?php

declare(strict_types=1);

namespace Panelbridge\Standin;

/** The stand-in was asked for something that cannot be: an unknown row, a wrong switch, a closed door. */
final class Refused extends \RuntimeException
{
}
