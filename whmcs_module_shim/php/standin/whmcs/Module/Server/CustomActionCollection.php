<?php

declare(strict_types=1);

namespace WHMCS\Module\Server;

use Illuminate\Support\Collection;

/** The list a CustomActions function returns (WHMCS class docs). */
class CustomActionCollection extends Collection
{
}
