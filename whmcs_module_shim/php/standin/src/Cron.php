<?php

declare(strict_types=1);

namespace Panelbridge\Standin;

use WHMCS\Database\Capsule;
use WHMCS\Service\Status;

/**
 * The system cron: every few minutes AfterCronJob; once a day the daily tasks (WHMCS end-user docs, automation
 * settings; WHMCS developer docs, cron hooks).
 */
final class Cron
{
    private const DAILY = ['CreateInvoices', 'AutoSuspensions', 'AutoTerminations', 'FixedTermTerminations',
        'CancellationRequests', 'InvoiceReminders', 'UpdateServerUsage'];

    private readonly ModuleCommand $command;

    public function __construct(private readonly Shop $shop)
    {
        $this->command = new ModuleCommand($shop);
    }

    /** @return list<string> the tasks that ran */
    public function run(bool $forceDaily): array
    {
        $done = [];
        if ($forceDaily || $this->dailyIsDue()) {
            $this->shop->settings->setOwn('last_daily_run', $this->shop->clock->today());
            $this->shop->hooks->run('PreCronJob', []);
            foreach (self::DAILY as $task) {
                $this->task($task);
                $done[] = $task;
            }
            $this->report();
        }
        $this->shop->hooks->run('AfterCronJob', []);
        return $done;
    }

    private function dailyIsDue(): bool
    {
        $hour = (int) ($this->shop->settings->configuration('DailyCronHour') ?? '9');
        return $this->shop->settings->own('last_daily_run') < $this->shop->clock->today()
            && (int) $this->shop->clock->now()->format('G') >= $hour;
    }

    private function task(string $name): void
    {
        $task = (object) ['name' => $name];
        $this->shop->hooks->run('PreAutomationTask', $task);
        match ($name) {
            'CreateInvoices' => (new Renewals($this->shop))->generateDue(),
            'AutoSuspensions' => $this->suspendOverdue(),
            'AutoTerminations' => $this->terminateOverdue(),
            'FixedTermTerminations' => $this->terminateFixedTerms(),
            'CancellationRequests' => $this->terminateCancelled(),
            'InvoiceReminders' => $this->remind(),
            'UpdateServerUsage' => $this->updateUsage(),
            default => throw new Refused("no task $name"),
        };
        $this->shop->hooks->run('PostAutomationTask', $task, true);
    }

    private function suspendOverdue(): void
    {
        if (!$this->shop->settings->isOn('AutoSuspension')) {
            return;
        }
        foreach ($this->dueBefore('AutoSuspensionDays', [Status::ACTIVE]) as $service) {
            // Per-service override: not before that date (WHMCS end-user docs; virtuozzo/OnApp-WHMCS-UsersModule#4).
            $kept = (int) $service->overideautosuspend === 1
                && ($service->overidesuspenduntil === '0000-00-00'
                    || $service->overidesuspenduntil > $this->shop->clock->today());
            if (!$kept) {
                $reason = ModuleCommand::overdueReason($this->shop);
                (new Services($this->shop))->suspend((int) $service->id, $reason, true);
            }
        }
    }

    private function terminateOverdue(): void
    {
        if (!$this->shop->settings->isOn('AutoTermination')) {
            return;
        }
        foreach ($this->dueBefore('AutoTerminationDays', [Status::ACTIVE, Status::SUSPENDED]) as $service) {
            $this->command->run((int) $service->id, 'TerminateAccount', true);
        }
    }

    private function terminateFixedTerms(): void
    {
        $services = Capsule::table('tblhosting as h')->join('tblproducts as p', 'p.id', '=', 'h.packageid')
            ->where('p.autoterminatedays', '>', 0)->whereIn('h.domainstatus', [Status::ACTIVE, Status::SUSPENDED])
            ->get(['h.id', 'h.regdate', 'p.autoterminatedays']);
        foreach ($services as $service) {
            if ($service->regdate <= $this->shop->clock->daysFromToday(-(int) $service->autoterminatedays)) {
                $this->command->run((int) $service->id, 'TerminateAccount', true);
            }
        }
    }

    private function terminateCancelled(): void
    {
        if (!$this->shop->settings->isOn('AutoCancellationRequests')) {
            return;
        }
        $requests = Capsule::table('tblcancelrequests as c')->join('tblhosting as h', 'h.id', '=', 'c.relid')
            ->whereIn('h.domainstatus', [Status::ACTIVE, Status::SUSPENDED, Status::PENDING])
            ->get(['h.id', 'h.nextduedate', 'c.type']);
        foreach ($requests as $request) {
            $due = $request->type === 'Immediate' || $request->nextduedate <= $this->shop->clock->today();
            if ($due && $this->command->run((int) $request->id, 'TerminateAccount', true) === 'success') {
                // The flow may end as Cancelled (WHMCS end-user docs, cancellation requests).
                $status = $this->shop->settings->position('cancellation_end_status');
                Capsule::table('tblhosting')->where('id', $request->id)->update(['domainstatus' => $status]);
            }
        }
    }

    private function remind(): void
    {
        $unpaid = Capsule::table('tblinvoices')->where('status', 'Unpaid')->get();
        foreach ($unpaid as $invoice) {
            if ($invoice->duedate === $this->shop->clock->daysFromToday(-1)) {
                (new Mailer($this->shop))->send('First Invoice Overdue Notice', (int) $invoice->id);
            }
        }
    }

    /** Once per active server record, never per product; only server keys (WHMCS developer docs, usage update). */
    private function updateUsage(): void
    {
        if (!$this->shop->module()->has('UsageUpdate')) {
            return;
        }
        $servers = Capsule::table('tblservers')->where('type', $this->shop->module()->name)
            ->where('disabled', 0)->get();
        foreach ($servers as $server) {
            $this->shop->module()->call('UsageUpdate', (new Params($this->shop))->ofServer((int) $server->id));
        }
    }

    private function report(): void
    {
        $suppressed = in_array(true, $this->shop->hooks->run('DailyCronJobPreEmail', []), true);
        if (!$suppressed) {
            $open = count((new ModuleQueue($this->shop))->rows());
            (new Mailer($this->shop))->toAdmins('Daily report', "Module queue: $open open");
        }
        $this->shop->hooks->run('DailyCronJob', []);
    }

    /**
     * @param list<string> $statuses
     * @return list<object> recurring services whose due date is that many days past
     */
    private function dueBefore(string $setting, array $statuses): array
    {
        $limit = $this->shop->clock->daysFromToday(-$this->shop->settings->days($setting));
        $rows = Capsule::table('tblhosting')->whereIn('domainstatus', $statuses)->where('nextduedate', '<=', $limit)
            ->orderBy('id')->get()->all();
        $recurs = static fn (object $row): bool => Cycle::isRecurring($row->billingcycle);
        return array_values(array_filter($rows, $recurs));
    }
}
