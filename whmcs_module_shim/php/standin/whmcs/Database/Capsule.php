<?php

declare(strict_types=1);

namespace WHMCS\Database;

use Illuminate\Database\Capsule\Manager;

/** The query and schema builder modules use (WHMCS developer docs, database access). */
class Capsule extends Manager
{
}
