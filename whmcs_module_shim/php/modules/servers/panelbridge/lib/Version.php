<?php

declare(strict_types=1);

namespace WHMCS\Module\Server\Panelbridge;

/** What this module calls itself, to WHMCS and to the bridge. */
final class Version
{
    public const MODULE = 'panelbridge';
    public const NUMBER = '0.1.0';
}
